// What clang.sh compiles: counts words, and prints the most frequent ones.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

template <typename Key, typename Less = std::less<Key>> class tally {
public:
    void add(const Key &key) { counts_[key]++; }

    std::vector<std::pair<Key, unsigned long>> most(std::size_t n) const
    {
        std::vector<std::pair<Key, unsigned long>> all(counts_.begin(), counts_.end());
        n = std::min(n, all.size());
        std::partial_sort(all.begin(), all.begin() + n, all.end(), [](const auto &a, const auto &b) {
            return a.second != b.second ? a.second > b.second : Less{}(a.first, b.first);
        });
        all.resize(n);
        return all;
    }

private:
    std::map<Key, unsigned long, Less> counts_;
};

using filter = std::function<bool(const std::string &)>;

} // namespace

int main(int argc, char **argv)
{
    std::unordered_map<std::string, filter> filters{
        {"all", [](const std::string &) { return true; }},
        {"long", [](const std::string &word) { return word.size() > 7; }},
        {"short", [](const std::string &word) { return word.size() < 4; }},
    };
    const filter &wanted = filters.at(argc > 1 ? argv[1] : "all");
    tally<std::string> words;
    tally<std::size_t, std::greater<>> lengths;
    for (std::string word; std::cin >> word;) {
        if (!wanted(word))
            continue;
        words.add(word);
        lengths.add(word.size());
    }
    for (const auto &[word, n] : words.most(20))
        std::cout << word << ' ' << n << '\n';
    for (const auto &[length, n] : lengths.most(5))
        std::cout << length << ' ' << n << '\n';
}
