"""What heads do over a whole text, however long: read in batches, counted in shards, on one machine or many."""
