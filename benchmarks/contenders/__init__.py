"""One script per contender, each with an answer to the questions it can take part in."""
