// A program that ends its process as if all were well, for `truefork serve`.
process.exit(0);
