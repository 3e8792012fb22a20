// The RPC server of the main job: `truefork serve examples/rpc/server.mjs --register rpc`.
import { booklet, createRpcServer } from 'truefork/rpc';

export default createRpcServer(booklet);
