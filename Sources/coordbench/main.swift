// Top-level code is bound to the main actor; everything else happens in a function that is not.
runCoordbench()
