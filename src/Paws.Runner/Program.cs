Paws.Runner.Startup.StartClock.Mark(Paws.Runner.Startup.StartClock.Main);
return Paws.Runner.PawsProgram.Run(args);
