/** What the dashboards and alerts ask of HAProxy and RabbitMQ; the cluster's test looks whether these tell it. */
export const FOREIGN_METRICS: readonly string[] = [
  'haproxy_backend_active_servers',
  'haproxy_frontend_current_sessions',
  'haproxy_frontend_limit_session_rate',
  'haproxy_frontend_limit_sessions',
  'haproxy_frontend_sessions_total',
  'haproxy_server_status',
  'rabbitmq_alarms_free_disk_space_watermark',
  'rabbitmq_alarms_memory_used_watermark',
  'rabbitmq_connections',
  'rabbitmq_global_messages_delivered_total',
  'rabbitmq_global_messages_received_total',
  'rabbitmq_process_resident_memory_bytes',
  'rabbitmq_queues',
  'rabbitmq_resident_memory_limit_bytes',
];

/** The names of measurements in a PromQL query. */
export function metricsIn(query: string): readonly string[] {
  const bare = query
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, '');
  const words = bare.match(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g) ?? [];
  return [...new Set(words)].filter((word) => !['and', 'or', 'unless', 'bool'].includes(word));
}
