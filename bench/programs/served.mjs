// What truefork serves when it is measured.
import { createAppServer } from 'truefork';
import { served } from './application.mjs';

export default () => served(createAppServer);
