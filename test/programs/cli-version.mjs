// A listener, for `truefork serve`, that answers the major version of its Node.js.
export default function (request, response) {
  response.end(process.versions.node.split('.')[0]);
}
