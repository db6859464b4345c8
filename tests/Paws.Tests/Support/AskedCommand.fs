namespace Paws.Tests

open System
open System.IO
open Expecto
open Paws.Runner.Commands

/// What a command line asks the jobs to do, and what it says meanwhile; nothing is trained.
[<RequireQualifiedAccess>]
module AskedCommand =

    type private Jobs() =
        member val Train: TrainRequest = null with get, set
        member val Eval: EvalRequest = null with get, set
        member val Finetune: FinetuneRequest = null with get, set

        interface IJobs with
            member this.Train(request, _, _) =
                this.Train <- request
                0

            member this.Eval(request, _, _) =
                this.Eval <- request
                0

            member this.Finetune(request, _, _) =
                this.Finetune <- request
                0

    let private runJobs (arguments: string list) =
        let out, error, jobs = new StringWriter(), new StringWriter(), Jobs()

        let host =
            CommandHost(Jobs = jobs, Output = out, Error = error, CheckDevice = ignore, CommandLine = String.Join(' ', "paws" :: arguments))

        let code = CommandLine.Run(List.toArray arguments, host)
        code, error.ToString(), jobs

    let private done' arguments =
        let code, error, jobs = runJobs arguments
        Expect.equal code 0 error
        jobs, error

    /// The request that paws train comes to, and what was said on standard error.
    let train arguments =
        let jobs, error = done' ("train" :: arguments)
        jobs.Train, error

    /// The request that paws finetune comes to, and what was said on standard error.
    let finetune arguments =
        let jobs, error = done' ("finetune" :: arguments)
        jobs.Finetune, error

    /// What paws eval says on standard error.
    let eval arguments = snd (done' ("eval" :: arguments))

    /// A mistake of the user's: exit code 2, no job, and as many lines as are given, each with its parts.
    let refused (lines: string list list) arguments =
        let code, error, jobs = runJobs arguments
        Expect.equal code 2 error
        Expect.isTrue (isNull jobs.Train && isNull jobs.Eval && isNull jobs.Finetune) "nothing is started"
        let said = error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        Expect.hasLength said lines.Length error

        for line, parts in Seq.zip said lines do
            for part in parts do
                Expect.stringContains line part "message"
