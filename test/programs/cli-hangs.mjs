// A function whose server never comes, and that has something to do meanwhile; for `truefork serve`.
export default () => new Promise(() => setInterval(() => undefined, 1_000));
