namespace Paws.Laws

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp

/// Something that holds in every setting. Holds throws where it does not.
type Law = { Name: string; Holds: Setting -> unit }

/// How laws are stated and checked.
[<RequireQualifiedAccess>]
module Law =

    let private inScope holds setting =
        use _ = torch.NewDisposeScope()
        holds setting

    /// A law for all settings, degenerate embeddings included.
    let always name (holds: Setting -> unit) = { Name = name; Holds = inScope holds }

    /// A law where embeddings are not degenerate: no zero rows, no extreme lengths, nothing repeated on purpose.
    let regular name (holds: Setting -> unit) = {
        Name = name
        Holds = inScope (fun (s: Setting) -> holds s.Regular)
    }

    /// Cases each law is checked on: 100, or what the environment variable PAWS_LAWS_CASES says.
    let cases =
        match Int32.TryParse(Environment.GetEnvironmentVariable "PAWS_LAWS_CASES") with
        | true, n when n > 0 -> n
        | _ -> 100

    /// The law as a test: random settings, shrunk where it fails; the replay seed is printed with the failure.
    let toTest (law: Law) =
        testPropertyWithConfig
            {
                FsCheckConfig.defaultConfig with
                    maxTest = cases
                    arbitrary = [ typeof<Settings> ]
            }
            law.Name
            law.Holds

    /// Laws as a list of tests.
    let toTests name (laws: Law list) = testList name (List.map toTest laws)

    /// What the law says in a setting where it does not hold.
    let private failure (law: Law) setting =
        try
            law.Holds setting
            None
        with failure ->
            Some(setting, failure.Message)

    /// The first of so many settings, always the same ones, in which the law does not hold, and what it says there.
    let firstFailure count (law: Law) : (Setting * string) option =
        Gen.sampleWithSeed (Rnd 20211UL) 1 count Settings.Draw
        |> Seq.tryPick (failure law)

    /// A failing setting made as small as it can be while the law still fails in it, and what the law says there.
    let rec shrink (law: Law) (setting: Setting, message: string) : Setting * string =
        match Settings.Shrink setting |> Seq.tryPick (failure law) with
        | Some smaller -> shrink law smaller
        | None -> setting, message
