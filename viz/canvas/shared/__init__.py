"""What several components share: how they are fed, and the scripts and styles that they are joined with."""
