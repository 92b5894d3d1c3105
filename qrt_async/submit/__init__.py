"""Many jobs, politely: permits, and the way from a program to an accepted job."""
