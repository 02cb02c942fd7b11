"""What several views are made of: choices, cards, tables."""
