/* latency_names.c - names of metrics of durations, by who writes them. The list is gone through from its
 * beginning: exact names first, then endings. */
#include "format/metrics/latency_names.h"

#include "base/num.h"

#define S  1e9
#define MS 1e6

const struct latency_name LATENCY_USUAL = {
    .route = "http_route route uri path_template path handler {controller}#{action} endpoint view url_rule "
             "http_target url resource",
    .method = "http_request_method http_method method request_method verb",
    .status = "http_response_status_code http_status_code status_code status code response_code http_status "
              "outcome",
    .service = "service_name exported_service service application app",
    .host = "slowdive_by server_address http_host vhost",
};

/* clang-format off */
static const struct latency_name NAMES[] = {
    /* OpenTelemetry, and Kubernetes' and Prometheus' own */
    {.name = "http_server_request_duration_seconds", .ends = true, .to_ns = S},
    {.name = "http_server_request_duration", .to_ns = S},
    {.name = "http_server_duration_milliseconds", .ends = true, .to_ns = MS},
    {.name = "http_server_duration_seconds", .ends = true, .to_ns = S},
    {.name = "http_server_duration_ms", .to_ns = MS},
    {.name = "http_server_duration", .to_ns = MS},
    {.name = "prometheus_http_request_duration_seconds", .to_ns = S, .failed = "prometheus_http_requests_total"},
    /* Micrometer: Spring, Quarkus, Micronaut */
    {.name = "http_server_requests_seconds", .ends = true, .to_ns = S, .route = "uri http_route"},
    {.name = "http_server_requests_duration_seconds", .ends = true, .to_ns = S, .route = "uri http_route"},
    /* proxies and meshes */
    {.name = "nginx_ingress_controller_request_duration_seconds", .to_ns = S, .route = "path", .service = "{namespace}/{service} service ingress", .host = "slowdive_by host"},
    {.name = "envoy_http_downstream_rq_time", .to_ns = MS, .route = "-", .service = "envoy_http_conn_manager_prefix", .failed = "envoy_http_downstream_rq_xx"},
    {.name = "envoy_http_downstream_rq_time_ms", .to_ns = MS, .route = "-", .service = "envoy_http_conn_manager_prefix", .failed = "envoy_http_downstream_rq_xx"},
    {.name = "envoy_vhost_vcluster_upstream_rq_time", .to_ns = MS, .route = "envoy_virtual_cluster", .service = "envoy_virtual_host"},
    {.name = "envoy_cluster_upstream_rq_time", .to_ns = MS, .route = "-", .service = "envoy_cluster_name", .failed = "envoy_cluster_upstream_rq_xx"},
    {.name = "istio_request_duration_milliseconds", .to_ns = MS, .route = "request_url_path request_operation", .service = "destination_service_name destination_service destination_workload", .only = "reporter=destination", .group = "istio"},
    {.name = "istio_request_duration_milliseconds", .to_ns = MS, .route = "request_url_path request_operation", .service = "destination_service_name destination_service destination_workload", .only = "reporter=waypoint", .group = "istio", .rank = 1},
    {.name = "istio_request_duration_milliseconds", .to_ns = MS, .route = "request_url_path request_operation", .service = "destination_service_name destination_service destination_workload", .only = "reporter=source", .group = "istio", .rank = 2},
    {.name = "istio_request_duration_milliseconds", .to_ns = MS, .route = "request_url_path request_operation", .service = "destination_service_name destination_service destination_workload", .group = "istio", .rank = 3},
    {.name = "istio_request_duration_seconds", .to_ns = S, .route = "-", .service = "destination_service_name destination_service", .group = "istio", .rank = 4},
    {.name = "response_latency_ms", .to_ns = MS, .route = "rt_route route", .service = "deployment dst_deployment", .only = "direction=inbound"},
    {.name = "traefik_router_request_duration_seconds", .to_ns = S, .route = "-", .service = "router service", .group = "traefik"},
    {.name = "traefik_service_request_duration_seconds", .to_ns = S, .route = "-", .service = "service", .group = "traefik", .rank = 1},
    {.name = "traefik_backend_request_duration_seconds", .to_ns = S, .route = "-", .service = "backend", .group = "traefik", .rank = 2},
    {.name = "traefik_entrypoint_request_duration_seconds", .to_ns = S, .route = "-", .service = "entrypoint", .group = "traefik", .rank = 3},
    {.name = "kong_request_latency_ms", .to_ns = MS, .route = "route", .service = "service"},
    {.name = "kong_latency_ms", .to_ns = MS, .route = "route", .service = "service", .only = "type=request"},
    {.name = "apisix_http_latency", .to_ns = MS, .route = "route", .service = "service", .only = "type=request"},
    {.name = "apiserver_request_duration_seconds", .to_ns = S, .route = "{resource}/{subresource} resource", .method = "verb"},
    /* frameworks */
    {.name = "django_http_requests_latency_seconds_by_view_method", .to_ns = S, .route = "view", .failed = "django_http_responses_total_by_status_view_method_total"},
    {.name = "flask_http_request_duration_seconds", .to_ns = S, .route = "path url_rule endpoint"},
    {.name = "starlette_request_duration_seconds", .to_ns = S, .route = "path_template path"},
    {.name = "starlette_requests_processing_time_seconds", .to_ns = S, .route = "path_template path"},
    {.name = "fastapi_requests_duration_seconds", .to_ns = S, .route = "path"},
    {.name = "gunicorn_request_duration", .to_ns = S, .route = "-", .service = "job_name app prefix"},
    {.name = "gunicorn_request_duration_seconds", .to_ns = S, .route = "-"},
    {.name = "rails_request_duration_seconds", .to_ns = S},
    {.name = "ruby_http_request_duration_seconds", .to_ns = S},
    {.name = "ktor_http_server_requests_seconds", .to_ns = S, .route = "route"},
    {.name = "phoenix_router_dispatch_stop_duration_milliseconds", .to_ns = MS},
    {.name = "phoenix_http_request_duration_milliseconds", .to_ns = MS},
    {.name = "akka_http_request_duration_seconds", .to_ns = S},
    {.name = "grpc_server_handling_seconds", .to_ns = S, .route = "/{grpc_service}/{grpc_method}", .method = "-", .status = "grpc_code"},
    {.name = "rpc_server_duration_milliseconds", .to_ns = MS, .route = "/{rpc_service}/{rpc_method}", .method = "-", .status = "rpc_grpc_status_code"},
    {.name = "rpc_server_duration_seconds", .to_ns = S, .route = "/{rpc_service}/{rpc_method}", .method = "-", .status = "rpc_grpc_status_code"},
    /* what Go's, Node's and other programs are instrumented with by hand: also behind a name of their own */
    {.name = "http_request_duration_seconds", .ends = true, .to_ns = S, .failed = "http_requests_total"},
    {.name = "http_requests_duration_seconds", .ends = true, .to_ns = S, .failed = "http_requests_total"},
    {.name = "http_request_duration_milliseconds", .ends = true, .to_ns = MS, .failed = "http_requests_total"},
    {.name = "http_request_duration_ms", .ends = true, .to_ns = MS, .failed = "http_requests_total"},
    {.name = "http_request_duration_microseconds", .ends = true, .to_ns = 1e3, .failed = "http_requests_total"},
    {.name = "http_request_latency_seconds", .ends = true, .to_ns = S, .failed = "http_requests_total"},
    {.name = "http_requests_latency_seconds", .ends = true, .to_ns = S, .failed = "http_requests_total"},
    {.name = "http_request_duration", .to_ns = S, .failed = "http_requests_total"},
    {.name = "http_response_time_seconds", .ends = true, .to_ns = S, .failed = "http_requests_total"},
    {.name = "http_response_time_milliseconds", .ends = true, .to_ns = MS, .failed = "http_requests_total"},
    {.name = "http_request_time_seconds", .ends = true, .to_ns = S, .failed = "http_requests_total"},
    {.name = "http_durations_seconds", .ends = true, .to_ns = S},
    {.name = "http_server_handling_seconds", .ends = true, .to_ns = S},
    {.name = "request_duration_seconds", .to_ns = S, .failed = "request_total"},
    {.name = "request_duration_milliseconds", .to_ns = MS, .failed = "request_total"},
    {.name = "request_latency_seconds", .to_ns = S},
};
/* clang-format on */

const struct latency_name *latency_names(size_t *n)
{
    *n = ARRAY_LEN(NAMES);
    return NAMES;
}

/* Is `name`, with dots as underscores, `known`? */
static bool same(const char *name, const char *known, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((name[i] == '.' ? '_' : name[i]) != known[i])
            return false;
    return true;
}

static bool holds(const char *name, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++)
        if (!memcmp(name + i, word, n))
            return true;
    return false;
}

const struct latency_name *latency_name_of(const char *family, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (strlen(NAMES[i].name) == len && same(family, NAMES[i].name, len))
            return &NAMES[i];
    if (holds(family, len, "client") || holds(family, len, "outgoing") || holds(family, len, "outbound") ||
        holds(family, len, "upstream"))
        return NULL; /* what a server asks others */
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        size_t n = strlen(NAMES[i].name);
        bool behind =
            NAMES[i].ends && len > n + 1 &&
            (family[len - n - 1] == '_' || family[len - n - 1] == ':' || family[len - n - 1] == '.');
        if (behind && same(family + len - n, NAMES[i].name, n))
            return &NAMES[i];
    }
    return NULL;
}

enum latency_part latency_part_of(const char *name, size_t *family_len)
{
    static const struct {
        const char *suffix;
        enum latency_part is;
    } PARTS[] = {{"_bucket", LATENCY_BUCKET}, {"_sum", LATENCY_SUM}, {"_count", LATENCY_COUNT}};
    size_t len = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        if (str_ends(name, PARTS[i].suffix)) {
            *family_len = len - strlen(PARTS[i].suffix);
            return PARTS[i].is;
        }
    *family_len = len;
    return LATENCY_TOLD;
}
