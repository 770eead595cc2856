using RolloutLab.Cli;

var services = new CommandLineServices(
    Terminal.OfProcess(Environment.GetEnvironmentVariable), () => new RunCommands(TimeProvider.System, Environment.GetEnvironmentVariable), Environment.GetEnvironmentVariable, TimeProvider.System);
return new CommandLineProgram(services).Run(args);
