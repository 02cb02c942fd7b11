"""A class in a room: a teacher, students under made-up names, and what they answer. No accounts."""
