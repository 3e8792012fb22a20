// A function whose server never comes, for `truefork serve`.
export default () => new Promise(() => undefined);
