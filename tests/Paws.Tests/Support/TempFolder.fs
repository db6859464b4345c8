namespace Paws.Tests

open System
open System.IO

/// A folder of its own for one test, deleted afterwards.
type TempFolder() =
    let path = Directory.CreateTempSubdirectory("paws-test-").FullName

    member _.Path = path

    /// The path of a file inside, its folder made.
    member _.File(relative: string) =
        let file = Path.Combine(path, relative)
        Directory.CreateDirectory(Path.GetDirectoryName file) |> ignore
        file

    interface IDisposable with
        member _.Dispose() = Directory.Delete(path, true)
