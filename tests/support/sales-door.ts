import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { SALES_PATH } from '@tillcast/protocol/http/sales-api';
import { freePort } from '@tillcast/testkit';
import { z } from 'zod';

/** What the way to the backend does with sales. All else passes. */
export type SalesTreatment =
  | 'passes'
  /** As a server that fails over them. */
  | 'status 500'
  /** As a captive portal, or a proxy's own page. */
  | 'a page of HTML'
  /** Never an answer. */
  | 'nothing'
  /** The first sale of each batch arrives with another total than it was sent with, so that the server must refuse it. */
  | 'damages the first';

/** A way to the backend that treats sales as it is told. */
export interface SalesDoor extends AsyncDisposable {
  readonly url: string;
  treatment: SalesTreatment;
}

const batchSchema = z.looseObject({ sales: z.array(z.looseObject({ total: z.number() })) });

export async function openSalesDoor(backendUrl: string): Promise<SalesDoor> {
  const port = await freePort();
  const door = { url: `http://127.0.0.1:${port}`, treatment: 'passes' as SalesTreatment };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = await buffer(request);
    if (request.url?.startsWith(SALES_PATH) === true) {
      if (door.treatment === 'nothing') return;
      if (door.treatment === 'status 500') {
        response.writeHead(500).end();
        return;
      }
      if (door.treatment === 'a page of HTML') {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to our Wi-Fi</h1>');
        return;
      }
      if (door.treatment === 'damages the first') body = damaged(body);
    }
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && !/^(host|connection|content-length|accept-encoding)$/.test(name)
        ? [[name, value] as [string, string]]
        : [],
    );
    const { method = 'GET', url = '/' } = request;
    const answered = await fetch(backendUrl + url, {
      method,
      headers,
      ...(method === 'GET' ? {} : { body }),
    });
    const passed = [...answered.headers].filter(
      ([name]) => !/^(content-encoding|content-length|transfer-encoding|connection)$/.test(name),
    );
    response.writeHead(answered.status, Object.fromEntries(passed));
    response.end(Buffer.from(await answered.arrayBuffer()));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return Object.assign(door, {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  });
}

function damaged(body: Buffer): Buffer<ArrayBuffer> {
  const batch = batchSchema.parse(JSON.parse(body.toString('utf8')));
  const sales = batch.sales.map((sale, index) => (index === 0 ? { ...sale, total: sale.total + 1 } : sale));
  return Buffer.from(JSON.stringify({ ...batch, sales }));
}
