// An app of Koa: `truefork serve examples/koa/app.mjs --port 8080`.
import Koa from 'koa';

const app = new Koa();

app.use((context) => {
  context.body = `hello from ${process.pid}\n`;
});

export default app.callback();
