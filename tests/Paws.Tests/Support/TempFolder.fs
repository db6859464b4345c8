namespace Paws.Tests

open System
open System.IO

/// A folder of its own for a test, removed with everything in it.
type TempFolder() =
    let path = Directory.CreateTempSubdirectory("paws-test-").FullName
    member _.Path = path
    member _.File name = Path.Combine(path, name)

    member _.Names =
        Directory.GetFiles path
        |> Array.map Path.GetFileName
        |> Array.sort
        |> Array.toList

    interface IDisposable with
        member _.Dispose() =
            Directory.Delete(path, recursive = true)
