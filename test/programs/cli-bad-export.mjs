// Exports nothing that `truefork serve` could serve.
export default { port: 80 };
