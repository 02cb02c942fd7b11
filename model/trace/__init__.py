"""What one pass did, as plain values, for any model: torch only, and nothing else of ours."""
