// A server of Go's own profiles for go_profiles.sh: busy in two routes, with memory that grows on demand, goroutines
// that wait, and locks that others wait for.
//
// usage: main FOLDER: writes its port to FOLDER/port, and makes FOLDER/asked when a CPU profile is asked for.
package main

import (
	"context"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

var held [][]byte
var lock sync.Mutex
var sink float64

//go:noinline
func multiply(n int) (x float64) {
	for i := 1; i < n; i++ {
		x += float64(i) * float64(i) / 3
	}
	return
}

//go:noinline
func serveSlow(context.Context) { sink = multiply(300000) }

//go:noinline
func serveFast(context.Context) { sink = multiply(100000) }

//go:noinline
func keepMore() {
	for i := 0; i < 64; i++ {
		held = append(held, make([]byte, 1<<18))
	}
}

//go:noinline
func contend() {
	for {
		lock.Lock()
		time.Sleep(time.Millisecond)
		lock.Unlock()
	}
}

//go:noinline
func waitForever(c chan int) { <-c }

func burn() {
	for {
		pprof.Do(context.Background(), pprof.Labels("http.route", "/slow"), serveSlow)
		pprof.Do(context.Background(), pprof.Labels("http.route", "/fast"), serveFast)
	}
}

func main() {
	runtime.MemProfileRate = 4096
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	c := make(chan int)
	for i := 0; i < 7; i++ {
		go waitForever(c)
	}
	go burn()
	go contend()
	go contend()
	keepMore()
	http.HandleFunc("/grow", func(w http.ResponseWriter, r *http.Request) {
		keepMore()
		runtime.GC()
		runtime.GC()
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	os.WriteFile(os.Args[1]+"/port.new", []byte(strconv.Itoa(l.Addr().(*net.TCPAddr).Port)), 0o600)
	os.Rename(os.Args[1]+"/port.new", os.Args[1]+"/port")
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/debug/pprof/profile" {
			os.WriteFile(os.Args[1]+"/asked", nil, 0o600)
		}
		http.DefaultServeMux.ServeHTTP(w, r)
	})))
}
