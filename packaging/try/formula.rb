# Runs the 'install' of a Homebrew formula without Homebrew: ruby formula.rb FORMULA UNPACKED-ARCHIVE PREFIX
require "fileutils"

# What a formula may say, as far as ours says it.
class Formula
  class << self
    attr_reader :said
    %i[desc homepage version license url sha256].each do |word|
      define_method(word) { |*value, **more| ((@said ||= {})[word] ||= []).push(value.first || more) }
    end
    %i[on_macos on_linux on_arm on_intel].each { |word| define_method(word) { |&block| block.call } }
    def test; end
  end

  # A folder below the prefix.
  class Place
    def initialize(path)
      @path = path
    end

    def install(*files)
      FileUtils.mkdir_p(@path)
      files.flatten.each do |file|
        pairs = file.is_a?(Hash) ? file : { file => File.basename(file) }
        pairs.each { |from, to| FileUtils.cp(from, File.join(@path, to)) }
      end
    end
  end

  {
    bin: "bin", man1: "share/man/man1", bash_completion: "etc/bash_completion.d", doc: "share/doc/git-shroud",
    zsh_completion: "share/zsh/site-functions", fish_completion: "share/fish/vendor_completions.d"
  }.each { |word, folder| define_method(word) { Place.new(File.join($prefix, folder)) } }
end

formula, unpacked, $prefix = ARGV.map { |path| File.expand_path(path) }
load formula
said = GitShroud.said
abort "the formula names #{said[:url].size} files and #{said[:sha256].size} checksums" unless said[:url].size == 4 && said[:sha256].uniq.size == 4
Dir.chdir(unpacked) { GitShroud.new.install }
