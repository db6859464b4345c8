module Paws.Experiments.Ropaws.Program

open Expecto
open Paws.Runner

/// "laws" checks the objective; anything else is the paws command, with RoPAWS in pre-training.
[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | "laws" :: options -> runTestsWithCLIArgs [] (List.toArray options) Laws.tests
    | _ -> PawsProgram.Run(arguments, Objective.experiment)
