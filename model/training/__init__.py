"""How a translator is made from sentence pairs."""
