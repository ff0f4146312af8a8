// The upload's page does without this script: the browser sends the form, and is answered with the page again. With it
// the page stays, and shows how far the browser is. The answer is the same; its report moves over here.

const [form, progress, state, report] = ['upload', 'progress', 'state', 'report'].map((id) =>
  document.getElementById(id),
)
const button = form.querySelector('button')

form.onsubmit = async (event) => {
  event.preventDefault()
  begin()
  try {
    const page = await send(new FormData(form))
    report.replaceChildren(...page.getElementById('report').children)
    end('Sent')
  } catch (error) {
    end(error.message)
  }
}

function begin() {
  button.disabled = true
  progress.value = 0
  progress.hidden = false
  report.replaceChildren()
  state.textContent = 'Sending…'
}

function end(text) {
  button.disabled = false
  progress.hidden = true
  state.textContent = text
}

/** Settles with the page that is the answer. fetch could not tell how far it is. */
function send(body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', form.action)
    request.setRequestHeader('Accept', 'text/html')
    request.responseType = 'document'
    request.upload.onprogress = ({ loaded, total }) => {
      progress.value = loaded / total
    }
    request.onload = () => {
      if (request.status === 200) resolve(request.response)
      else reject(new Error(`Refused: ${request.status} ${request.statusText}`))
    }
    request.onerror = () => reject(new Error('The connection was lost'))
    request.send(body)
  })
}
