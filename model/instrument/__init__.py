"""What makes a model one that can be looked into: files, tokenizer, hooks, search, the translator."""
