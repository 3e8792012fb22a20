// A function that cannot make a server, for `truefork serve`.
export default () => {
  throw new Error('no server today');
};
