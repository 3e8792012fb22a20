process.send({ ran: String(process.hrtime.bigint()) });
