"""What goes out of this machine, or starts a program that may: here the porter."""
