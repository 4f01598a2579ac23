# pgbouncer.bash - a pgbouncer of the test's own, on 127.0.0.1 at a free port, for one
# database and without passwords. Sourced beside tap.bash; needs PGPORT of private-postgres.
#
# pooler_start MODE SIZE: sets $pooler (its port). Sessions are given out in turn, and nothing
# is reset when one comes back, so that what a client leaves behind is seen by the next.
# pooler_stop: ends it; to be called on EXIT, too.
pooler= pooler_pid=

pooler_program()
{
    command -v pgbouncer || PATH=$PATH:/usr/sbin command -v pgbouncer
}

# Root's pgbouncer refuses to run: as private-postgres, it is postgres or nobody.
as_pooler()
{
    local owner=
    if [ "$(id -u)" = 0 ]; then
        for owner in postgres nobody; do id "$owner" >/dev/null 2>&1 && break; done
        chown "$owner" "$dir/pooler"
        exec setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups -- "$@"
    fi
    exec "$@"
}

pooler_start()
{
    local mode=$1 size=$2 try end
    mkdir -p "$dir/pooler"
    for try in 1 2 3 4 5; do
        pooler=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        cat >"$dir/pooler/$mode.ini" <<END
[databases]
shop = host=127.0.0.1 port=$PGPORT
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pooler
unix_socket_dir =
auth_type = trust
auth_file = $dir/pooler/users
admin_users = postgres
stats_users = monitor
pool_mode = $mode
default_pool_size = $size
server_round_robin = 1
server_reset_query =
END
        printf '"%s" ""\n' postgres app monitor >"$dir/pooler/users"
        (as_pooler "$(pooler_program)" -q "$dir/pooler/$mode.ini") >"$dir/pooler.log" 2>&1 &
        pooler_pid=$!
        end=$((SECONDS + 10))
        while kill -0 $pooler_pid 2>/dev/null && [ $SECONDS -lt $end ]; do
            (exec 3<>"/dev/tcp/127.0.0.1/$pooler") 2>/dev/null && return 0
        done
        pooler_stop
    done
    cat "$dir/pooler.log" >&2
    return 1
}

pooler_stop()
{
    [ -z "$pooler_pid" ] && return
    kill $pooler_pid 2>/dev/null
    wait $pooler_pid 2>/dev/null
    pooler_pid=
}
