namespace Paws.Tests

open System
open System.IO

/// A folder of a test's own, deleted with all it holds.
type ScratchFolder() =
    let path = Directory.CreateTempSubdirectory("paws-test-").FullName

    /// Full path of the folder.
    member _.Path = path

    /// Full path of something inside.
    member _.File(name: string) = Path.Combine(path, name)

    /// Names of the files inside, in order.
    member _.Names =
        Directory.GetFiles path
        |> Array.map Path.GetFileName
        |> Array.sort
        |> Array.toList

    /// Writes a text file inside and returns its full path.
    member this.Write(name: string, text: string) =
        let file = this.File name
        File.WriteAllText(file, text)
        file

    interface IDisposable with
        member _.Dispose() =
            if Directory.Exists path then
                Directory.Delete(path, recursive = true)
