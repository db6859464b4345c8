namespace Paws.Tests

open System
open System.IO

/// A folder of files that one test makes, deleted afterwards.
type DataFolder() =
    let path = Directory.CreateTempSubdirectory("paws-test-").FullName

    member _.Path = path

    /// The path of a file inside; the folders above it are made.
    member _.File(relative: string) =
        let file = Path.Combine(path, relative)
        Directory.CreateDirectory(Path.GetDirectoryName file) |> ignore
        file

    interface IDisposable with
        member _.Dispose() = Directory.Delete(path, true)
