"""The machinery of the page: what every view is given, and everything around the view."""
