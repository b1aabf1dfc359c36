#!/bin/sh
# HAProxy with two threads, in front of a server that it plays itself: 20 clients that speak HTTP/1 and
# HTTP/2, with rules on headers, compressed answers, and a table that counts.
. "$(dirname "$0")/recipe.sh"
needs haproxy haproxy
needs h2load nghttp2-client
needs curl curl
needs /usr/bin/python3 python3

/usr/bin/python3 "$inputs/words.py" 12000 >page.txt
# No idle connections to the server are kept: HAProxy 2.6 may crash when it ends with some.
cat >proxy.cfg <<EOF
global
    nbthread 2
    maxconn 400
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend old
    bind unix@$folder/old.sock
    use_backend pages
frontend new
    bind unix@$folder/new.sock proto h2
    use_backend pages
backend pages
    compression algo gzip
    compression type text/plain
    http-request set-header X-Seen %[req.hdr(host),lower]-%[rand(1000)]
    http-request track-sc0 req.hdr(x-seen)
    stick-table type string len 32 size 2k expire 2s store http_req_cnt
    http-response set-header X-Count %[sc0_http_req_cnt(pages)]
    server inner unix@$folder/inner.sock pool-max-conn 0
frontend inner
    bind unix@$folder/inner.sock
    http-request return status 200 content-type text/plain file page.txt if { path_beg /page }
    http-request return status 200 content-type text/plain lf-string "%[path] %[req.hdrs]"
EOF

load() {
    socket=$1
    shift
    h2load -c 20 -t 1 --base-uri "unix:$folder/$socket" -H 'accept-encoding: gzip' "$@" \
        http://shop.example/page/1 http://shop.example/item/2 http://shop.example/item/3 >>load
}

serve haproxy -db -f proxy.cfg
await curl -s --unix-socket old.sock http://shop.example/
for _ in 1 2 3 4 5 6; do
    load old.sock --h1 -m 1 -n 5000
    load new.sock -m 8 -n 5000
done
stop_server USR1
