return Paws.Runner.PawsProgram.Run(args);
