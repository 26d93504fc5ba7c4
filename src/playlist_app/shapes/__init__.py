"""What goes over the wire: the classes that parse requests and shape answers, for every door."""
