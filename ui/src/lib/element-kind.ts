/** Words in a name that tell what kind of element it is; the first that fits counts. */
const SIGNS: [RegExp, string][] = [
  [/\b(cache|redis|memcached)\b/i, "cache"],
  [/\b(queue|broker|bus|topic|kafka|rabbitmq|nats)\b/i, "queue"],
  [/\b(database|db|store|log|postgres\w*|mysql|sqlite|warehouse|ledger)\b/i, "database"],
  [/\b(bucket|files?|storage|archive|s3)\b/i, "file-store"],
  [/\b(gateway|proxy|ingress|balancer)\b/i, "gateway"],
  [/\b(cli|command[- ]line|script)\b/i, "command-line"],
  [/\b(tablet|mobile|phone|android|ios)\b/i, "mobile-app"],
  [/\b(web|browser|frontend|front end|portal|page|client|ui|console|dashboard|desk)\b/i, "web-client"],
  [/\b(user|customer|admin\w*|operator|person|people|manager|clerk|engineer|pilot|dispatcher)s?\b/i, "person"],
  [/\b(service|api|server|worker|backend|engine|scheduler)\b/i, "service"],
  [/\b(system|platform|product|landscape)\b/i, "system"],
  [/\b(provider|third[- ]party|external)\b/i, "external"],
];

/** The kind that a name suggests. */
export function guessKind(name: string): string {
  return SIGNS.find(([sign]) => sign.test(name))?.[1] ?? "component";
}
