"""What each path does, one function each: books and a question in, a reply out."""
