using RolloutLab.Benchmarks;

return BenchProgram.Run(args, Console.Out, Console.Error);
