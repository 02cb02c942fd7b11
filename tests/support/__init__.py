"""What tests share; no test is in here, and no test imports another."""
