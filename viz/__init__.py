"""What is drawn, and the page around it."""
