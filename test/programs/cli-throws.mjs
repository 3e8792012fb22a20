// A program with a mistake, for `truefork serve`.
throw new Error('this file is broken');
