#!/bin/bash
# Files that lie: who could have written what is obeyed, and where what is written goes.
. "$(dirname "$0")/tap.bash"

for i in $(seq 0 9); do line "$i" GET "/orders/$i" 200 0.010; done >good.log
mode() { [ "$(stat -c %a "$1")" = "$2" ]; }
empty() { [ ! -s "$1" ]; }
umask 022
mkdir open sticky
chmod 777 open
chmod 1777 sticky

# ---- configuration ----
printf 'sources: ["exec:touch ran"]\n' >evil.yaml
chmod 666 evil.yaml
run overview --config evil.yaml
ok "a configuration that everyone may write is refused" is_refusal "evil.yaml is writable by everyone, so it is not trusted"
mkdir -p .config/slowdive
cp evil.yaml .config/slowdive/config.yaml
chmod 666 .config/slowdive/config.yaml
run endpoints good.log
ok "in its default place it is said" says err "config.yaml is writable by everyone"
ok "and the defaults are used" exited 0
run overview
ok "and nothing of it runs" [ ! -e ran ]
rm .config/slowdive/config.yaml
cp evil.yaml open/config.yaml
chmod 644 open/config.yaml
run overview --config open/config.yaml
ok "nor one in a folder that others may write" is_refusal "the folder $dir/open is writable by everyone"
mkdir open/sub
cp open/config.yaml open/sub/config.yaml
run overview --config "$dir/open/sub/config.yaml"
ok "however far above" is_refusal "the folder $dir/open is writable by everyone"
ln -s "$dir/evil.yaml" link.yaml
run overview --config link.yaml
ok "a link is judged by what it leads to" is_refusal "link.yaml is writable by everyone"
ok "nothing ran" [ ! -e ran ]
printf 'refresh: 2s\n' >sticky/mine.yaml
run endpoints --config sticky/mine.yaml good.log
ok "one's own file in a sticky folder is fine" exited 0
mkfifo conf.fifo
run endpoints --config conf.fifo good.log
ok "a pipe by its name is no configuration" is_refusal "is not a regular file"
run endpoints --config <(printf 'refresh: 2s\n') good.log
ok "one that the shell made is" exited 0
if [ "$(id -u)" = 0 ]; then
    cp sticky/mine.yaml sticky/theirs.yaml
    chown 65534 sticky/theirs.yaml
    run endpoints --config sticky/theirs.yaml good.log
    ok "another user's is refused" is_refusal "belongs to neither root nor you"
    ln -s "$dir/sticky/mine.yaml" sticky/their-link.yaml
    chown -h 65534 sticky/their-link.yaml
    run endpoints --config sticky/their-link.yaml good.log
    ok "and another user's link" is_refusal "belongs to neither root nor you"
fi
mkdir open/modules
touch open/modules/a.so
run sources --set module_path="$dir/open/modules"
ok "a folder of modules that others may rename is refused" says err "the folder $dir/open is writable by everyone"

# ---- the log file ----
mkfifo lf
run endpoints --set log_file="$dir/lf" good.log
ok "a log file that is a pipe does not hang the start" exited 0
ok "and is said" says err "no log file is written: $dir/lf is not written: it is not a regular file"
run endpoints --set log_file="$dir/own.log" good.log
ok "a log file is made" mode own.log 600
ln -s "$dir/stolen" open/log
run endpoints --set log_file="$dir/open/log" good.log
ok "no link is followed where others may write" says err "is a symbolic link in a folder that others may write"
ok "nor its target made" [ ! -e stolen ]
ln -s "$dir/stolen" sticky/log
run endpoints --set log_file="$dir/sticky/log" good.log
ok "sticky or not" [ ! -e stolen ]
ln -s "$dir/own.log" own-link
run endpoints --set log_file="$dir/own-link" good.log
ok "in a folder of one's own it is" empty err

# ---- recordings ----
run record -o a.slowdive --for 1s good.log
ok "a recording is for its owner alone" mode a.slowdive 600
cp a.slowdive shared.slowdive
chmod 666 shared.slowdive
run record --append -o shared.slowdive --for 1s good.log
ok "one that others may write is not continued" is_refusal "shared.slowdive is not written: others may write it too"
ln a.slowdive second.slowdive
run record --append -o second.slowdive --for 1s good.log
ok "nor one with a second name" is_refusal "has more than one hard link"
rm second.slowdive
for folder in open sticky; do
    ln -s "$dir/new.slowdive" $folder/l.slowdive
    run record -o $folder/l.slowdive --for 1s good.log
    ok "no link is followed in a folder that is $folder" is_refusal "is a symbolic link in a folder that others may write"
    ok "nor its target made" [ ! -e new.slowdive ]
    mkdir real
    ln -s "$dir/real" $folder/way
    run record -o $folder/way/l.slowdive --for 1s good.log
    ok "nor on the way" [ ! -e real/l.slowdive ]
    rmdir real
done
ln -s "$dir/new.slowdive" l.slowdive
run record -o l.slowdive --for 1s good.log
ok "in one's own folder it is" [ -s new.slowdive ]
if [ "$(id -u)" = 0 ]; then
    cp a.slowdive theirs.slowdive
    chown 65534 theirs.slowdive
    before=$(sha256sum theirs.slowdive)
    run record --append -o theirs.slowdive --for 1s good.log
    ok "another user's recording is not continued" is_refusal "belongs to neither root nor you"
    ok "nor touched" [ "$before" = "$(sha256sum theirs.slowdive)" ]
fi
mkfifo pipe
run record -o pipe --for 1s good.log
ok "a pipe without a reader is said" is_refusal "no process reads the pipe pipe"
exec 3<>pipe
run record -o pipe --for 1s good.log
dd bs=65536 count=1 <&3 >through.slowdive 2>/dev/null
exec 3>&-
ok "a pipe is written in place" [ -p pipe ]
run endpoints --format json through.slowdive
ok "and its reader has a recording" says out '"/orders/:id"'
finish
