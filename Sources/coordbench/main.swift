print("coordbench")
