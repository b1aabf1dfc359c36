# shellcheck shell=bash disable=SC2034
about="python3's own test_json, test_dict and test_threading, on malloc alone"
python=$(readlink /usr/bin/python3 || echo python3) # with its version
needs=(/usr/bin/python3=python3 "/usr/lib/$python/test/test_dict.py=lib$python-testsuite")
rounds=1

prepare() {
    :
}

work() {
    PYTHONMALLOC=malloc PYTHONHASHSEED=0 python3 "$PROGRAMS/suite.py" "$(sized full 6 small 6)" \
        test.test_json test.test_dict
    [[ $SIZE == small ]] || PYTHONMALLOC=malloc PYTHONHASHSEED=0 python3 "$PROGRAMS/suite.py" 1 test.test_threading
}
