// An app of Express: `truefork serve examples/express/app.mjs --port 8080`.
import express from 'express';

const app = express();

app.get('/', (request, response) => {
  response.send(`hello from ${process.pid}\n`);
});

export default app;
