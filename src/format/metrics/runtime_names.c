/* runtime_names.c - a row for each metric of a runtime; a new one is a line. */
#include "format/metrics/runtime_names.h"

#define RUNTIME_TEXT(NAME, text) [RUNTIME_##NAME] = text,
static const char *const TEXTS[RUNTIME_N] = {RUNTIME_KINDS(RUNTIME_TEXT)};

const char *runtime_kind_text(enum runtime_kind k)
{
    return TEXTS[k];
}

/* clang-format off */
static const struct runtime_name NAMES[] = {
    {"process_cpu_seconds_total", RUNTIME_CPU, "", true},
    {"process_cpu_time_seconds_total", RUNTIME_CPU, "", true},
    {"process_runtime_jvm_cpu_utilization_ratio", RUNTIME_CPU, "JVM", false},
    {"process_cpu_usage", RUNTIME_CPU, "JVM", false},
    {"jvm_cpu_time_seconds_total", RUNTIME_CPU, "JVM", true},
    {"node_cpu_seconds_total", RUNTIME_CPU, "host", true},
    {"container_cpu_usage_seconds_total", RUNTIME_CPU, "container", true},
    {"process_resident_memory_bytes", RUNTIME_MEMORY, "", false},
    {"process_memory_usage_bytes", RUNTIME_MEMORY, "", false},
    {"node_memory_MemAvailable_bytes", RUNTIME_MEMORY, "host", false},
    {"container_memory_working_set_bytes", RUNTIME_MEMORY, "container", false},
    /* Go */
    {"go_gc_duration_seconds_sum", RUNTIME_GC_TIME, "Go", true},
    {"go_gc_duration_seconds_count", RUNTIME_GC_COUNT, "Go", true},
    {"go_memstats_heap_inuse_bytes", RUNTIME_HEAP, "Go", false},
    {"go_memstats_heap_alloc_bytes", RUNTIME_HEAP, "Go", false},
    {"go_memstats_next_gc_bytes", RUNTIME_HEAP_MAX, "Go", false},
    {"go_memstats_alloc_bytes_total", RUNTIME_ALLOCATED, "Go", true},
    {"go_gc_heap_live_bytes", RUNTIME_HEAP_AFTER, "Go", false},
    {"go_memory_allocated_bytes_total", RUNTIME_ALLOCATED, "Go", true},
    {"go_goroutines", RUNTIME_THREADS, "Go", false},
    {"go_goroutine_count", RUNTIME_THREADS, "Go", false},
    {"go_sql_in_use_connections", RUNTIME_POOL, "Go", false},
    {"go_sql_max_open_connections", RUNTIME_POOL_MAX, "Go", false},
    {"go_sql_wait_count_total", RUNTIME_POOL_WAIT, "Go", true},
    {"process_runtime_go_gc_pause_ns_sum", RUNTIME_GC_TIME, "Go", true},
    {"process_runtime_go_gc_pause_total_ns_total", RUNTIME_GC_TIME, "Go", true},
    {"process_runtime_go_gc_count_total", RUNTIME_GC_COUNT, "Go", true},
    {"process_runtime_go_mem_heap_inuse_bytes", RUNTIME_HEAP, "Go", false},
    {"process_runtime_go_goroutines", RUNTIME_THREADS, "Go", false},
    /* JVM: Micrometer, client_java, OpenTelemetry */
    {"jvm_gc_pause_seconds_sum", RUNTIME_GC_TIME, "JVM", true},
    {"jvm_gc_pause_seconds_count", RUNTIME_GC_COUNT, "JVM", true},
    {"jvm_gc_pause_seconds_max", RUNTIME_GC_MAX, "JVM", false},
    {"jvm_gc_collection_seconds_sum", RUNTIME_GC_TIME, "JVM", true},
    {"jvm_gc_collection_seconds_count", RUNTIME_GC_COUNT, "JVM", true},
    {"jvm_gc_duration_seconds_sum", RUNTIME_GC_TIME, "JVM", true},
    {"jvm_gc_duration_seconds_count", RUNTIME_GC_COUNT, "JVM", true},
    {"process_runtime_jvm_gc_duration_milliseconds_sum", RUNTIME_GC_TIME, "JVM", true},
    {"process_runtime_jvm_gc_duration_milliseconds_count", RUNTIME_GC_COUNT, "JVM", true},
    {"process_runtime_jvm_gc_duration_seconds_sum", RUNTIME_GC_TIME, "JVM", true},
    {"process_runtime_jvm_gc_duration_seconds_count", RUNTIME_GC_COUNT, "JVM", true},
    {"jvm_gc_live_data_size_bytes", RUNTIME_HEAP_AFTER, "JVM", false},
    {"jvm_memory_used_after_last_gc_bytes", RUNTIME_HEAP_AFTER, "JVM", false},
    {"jvm_memory_usage_after_gc_percent", RUNTIME_HEAP_AFTER, "JVM", false},
    {"jvm_gc_memory_allocated_bytes_total", RUNTIME_ALLOCATED, "JVM", true},
    {"jvm_memory_pool_allocated_bytes_total", RUNTIME_ALLOCATED, "JVM", true},
    {"jvm_memory_used_bytes", RUNTIME_HEAP, "JVM", false},
    {"jvm_memory_bytes_used", RUNTIME_HEAP, "JVM", false},
    {"process_runtime_jvm_memory_usage_bytes", RUNTIME_HEAP, "JVM", false},
    {"jvm_memory_max_bytes", RUNTIME_HEAP_MAX, "JVM", false},
    {"jvm_memory_bytes_max", RUNTIME_HEAP_MAX, "JVM", false},
    {"jvm_threads_live_threads", RUNTIME_THREADS, "JVM", false},
    {"jvm_threads_current", RUNTIME_THREADS, "JVM", false},
    {"hikaricp_connections_active", RUNTIME_POOL, "JVM", false},
    {"hikaricp_connections_max", RUNTIME_POOL_MAX, "JVM", false},
    {"hikaricp_connections_pending", RUNTIME_POOL_WAIT, "JVM", false},
    {"db_client_connections_usage", RUNTIME_POOL, "", false},
    {"db_client_connections_max", RUNTIME_POOL_MAX, "", false},
    {"db_client_connections_pending_requests", RUNTIME_POOL_WAIT, "", false},
    {"tomcat_threads_busy_threads", RUNTIME_THREADS, "JVM", false},
    /* Node */
    {"nodejs_gc_duration_seconds_sum", RUNTIME_GC_TIME, "Node", true},
    {"nodejs_gc_duration_seconds_count", RUNTIME_GC_COUNT, "Node", true},
    {"v8js_gc_duration_seconds_sum", RUNTIME_GC_TIME, "Node", true},
    {"v8js_gc_duration_seconds_count", RUNTIME_GC_COUNT, "Node", true},
    {"nodejs_heap_size_used_bytes", RUNTIME_HEAP, "Node", false},
    {"nodejs_heap_size_total_bytes", RUNTIME_HEAP_MAX, "Node", false},
    {"nodejs_eventloop_lag_seconds", RUNTIME_LOOP, "Node", false},
    {"nodejs_eventloop_lag_p99_seconds", RUNTIME_LOOP, "Node", false},
    {"nodejs_eventloop_delay_p99_seconds", RUNTIME_LOOP, "Node", false},
    {"nodejs_active_handles_total", RUNTIME_THREADS, "Node", false},
    /* Python */
    {"python_gc_collections_total", RUNTIME_GC_COUNT, "Python", true},
    {"process_runtime_cpython_gc_count_total", RUNTIME_GC_COUNT, "Python", true},
    {"process_runtime_cpython_gc_count_bytes_total", RUNTIME_GC_COUNT, "Python", true},
    {"cpython_gc_collections_total", RUNTIME_GC_COUNT, "Python", true},
    {"process_runtime_cpython_memory_bytes", RUNTIME_MEMORY, "Python", false},
    /* .NET */
    {"dotnet_gc_pause_time_seconds_total", RUNTIME_GC_TIME, ".NET", true},
    {"dotnet_gc_pause_ratio", RUNTIME_GC_TIME, ".NET", false},
    {"dotnet_gc_collections_total", RUNTIME_GC_COUNT, ".NET", true},
    {"dotnet_collection_count_total", RUNTIME_GC_COUNT, ".NET", true},
    {"dotnet_total_memory_bytes", RUNTIME_HEAP, ".NET", false},
    {"dotnet_gc_last_collection_heap_size_bytes", RUNTIME_HEAP_AFTER, ".NET", false},
    {"dotnet_gc_heap_size_bytes", RUNTIME_HEAP, ".NET", false},
    {"dotnet_gc_heap_total_allocated_bytes_total", RUNTIME_ALLOCATED, ".NET", true},
    {"dotnet_gc_allocated_bytes_total", RUNTIME_ALLOCATED, ".NET", true},
    {"dotnet_thread_pool_thread_count", RUNTIME_THREADS, ".NET", false},
    {"dotnet_thread_pool_queue_length", RUNTIME_POOL_WAIT, ".NET", false},
    {"process_runtime_dotnet_gc_duration_nanoseconds_total", RUNTIME_GC_TIME, ".NET", true},
    {"process_runtime_dotnet_gc_duration_ns_total", RUNTIME_GC_TIME, ".NET", true},
    {"process_runtime_dotnet_gc_collections_count_total", RUNTIME_GC_COUNT, ".NET", true},
    {"process_runtime_dotnet_gc_heap_size_bytes", RUNTIME_HEAP, ".NET", false},
    /* Ruby */
    {"ruby_gc_stat_count", RUNTIME_GC_COUNT, "Ruby", true},
    {"ruby_major_gc_ops_total", RUNTIME_GC_COUNT, "Ruby", true},
    {"ruby_heap_live_slots", RUNTIME_HEAP, "Ruby", false},
};
/* clang-format on */

const struct runtime_name *runtime_names(size_t *n)
{
    *n = ARRAY_LEN(NAMES);
    return NAMES;
}

const struct runtime_name *runtime_name_of(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (strlen(NAMES[i].name) == len && !memcmp(NAMES[i].name, name, len))
            return &NAMES[i];
    return NULL;
}
