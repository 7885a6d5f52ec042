"""What goes out of this machine, or starts a program that may: the porter and the courier."""
