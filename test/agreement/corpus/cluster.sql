cluster {|verbose|t|t using i|verbose t using i|(verbose) t|(verbose)|i on t}
