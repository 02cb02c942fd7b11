"""What is measured on held-out text and stored beside a checkpoint."""
